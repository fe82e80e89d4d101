"""Workflows on a cluster: checked, submitted, watched, stopped and taken up again through the Kubernetes API."""
