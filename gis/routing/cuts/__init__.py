"""How much empty travel any closed trips need: a linear programme over cut-sets of a network.

``values`` what is given · ``network`` the ways that matter · ``programme`` the linear programme ·
``separation`` sets of nodes whose cut is missing · ``bound`` all of it. ``ways``, ``flows`` and
``prices`` are compiled: importing them, ``separation`` or ``bound`` loads numba.
"""
