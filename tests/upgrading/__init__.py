"""A living city of the release before, upgraded to this code process by process."""
