"""How a host is made what its declaration says: one module or package a layer, in the order of deploy.py."""
