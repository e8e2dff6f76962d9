"""The pages: one for customers, one for staff, and the two servers that carry them."""
