"""The pages for people under `/_mock/`: the world, its money, the traffic and the API of a running mock."""
