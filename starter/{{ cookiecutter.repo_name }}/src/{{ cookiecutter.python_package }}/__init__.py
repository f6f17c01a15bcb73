"""{{ cookiecutter.project_name }}: from a hypothesis to a decision."""

__version__ = "0.1.0"
