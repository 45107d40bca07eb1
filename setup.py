"""Finds the packages of the distribution: the root of the repository is the package `moemap`."""

from setuptools import find_packages, setup

setup(
    packages=["moemap", *(f"moemap.{name}" for name in find_packages(include=["commands*", "engine*", "importers*"]))],
    script_name="setup.py",  # so named, it is no module of the package, beside whose modules it lies
)
