"""The proof: what a host is, held against what its declaration says it is. One file a layer.

pytest tests/host --rig basement
pytest tests/host --rig all --set driver.branch=580 --profile serving
pytest tests/host --rig basement --hosts ssh://root@192.0.2.7:2222 --ssh-identity-file key
"""
