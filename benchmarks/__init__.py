"""How fast moemap is: what is measured, against what, and the run that prints and writes the figures."""
