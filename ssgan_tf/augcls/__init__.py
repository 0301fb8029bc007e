"""GM-augCls (Guo et al.): an imbalanced set balanced by one generator and a classifier's choice."""
