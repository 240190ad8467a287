"""From a running host to a declaration: one module a layer, each from facts to what they come to, and to what no key
can say."""
