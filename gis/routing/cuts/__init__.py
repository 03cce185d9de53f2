"""How much empty travel any closed trips need: a linear programme over cut-sets of a network.

``values`` what is given · ``network`` the ways that matter · ``programme`` the linear programme ·
``separation`` sets of nodes whose cut is missing · ``kernels`` compiled loops · ``bound`` all of it.
Importing ``bound`` loads numba; the others do not.
"""
