"""How dates are written where nobody says how: as everywhere else in Cutroom."""
