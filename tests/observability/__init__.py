"""Tests of logs, metrics, traces and error reports."""
