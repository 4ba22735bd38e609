"""Ways to install the bot: `make install`, compose.yaml and deploy/, with the programs that read them.

The programs are Helm, the schemas of Kubernetes and Compose, and systemd. `make deploy-check` runs these tests; their
names keep them out of `make test`, because the programs are downloaded.

tests/test_deploy.py and tests/test_compose.py have the tests that need none of these programs.
"""
