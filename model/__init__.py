"""The mathematics and the files of a model: numpy in, numpy out.

Nothing here knows sockets, processes, settings or the screen.
"""
