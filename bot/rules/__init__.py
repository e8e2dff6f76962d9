"""The house rules of speaking, as data: one file a class, and the weights fitted to their examples."""
