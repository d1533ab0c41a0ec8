"""What keeps secrets secret: values that cannot be printed, comparisons that take constant time."""
