"""One to five stars from a text: a task for ft_magics."""
