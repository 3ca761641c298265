"""eXCube2."""
