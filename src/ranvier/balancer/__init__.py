"""Files for load balancers from a list of nodes, and mistakes in files that exist: pure text.

A node list goes in, the configuration of one balancer comes out, the same for the same nodes.
"""
