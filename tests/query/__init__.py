"""Tests of the query language: filters, updates, orders, documents and projections."""
