"""The desktop as Steno sees it: which window has the focus, which keys are down, what to show and to sound."""
