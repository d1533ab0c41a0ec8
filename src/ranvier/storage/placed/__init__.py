"""A system database whose contexts may lie in databases of their own."""
