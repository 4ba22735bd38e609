"""What is in deploy/ and compose.yaml, with the programs that will read it: Helm, Kubernetes' and Compose's schemas, systemd.

`make deploy-check` runs these; their names keep them out of `make test`, because what they need is downloaded.
"""
