"""What people install from: `make install`, compose.yaml and deploy/, with the programs that read them.

Those are Helm, the schemas of Kubernetes and Compose, and systemd. `make deploy-check` runs these tests; their names
keep them out of `make test`, because what they need is downloaded.
"""
