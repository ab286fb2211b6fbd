"""PostgreSQL: the pool, migrations, pages of lists, numbers, sealed values."""
