// Sources of this room follow.
