"""Reports of predicted relations: both directions are one relation, and no relation is left out of averages."""
