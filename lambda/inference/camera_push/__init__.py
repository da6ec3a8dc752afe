"""Reader of what cameras push over HTTP: pictures found by their bytes, and the words of the vendor about them.

It knows nothing of AWS, and keeps nothing: the API's function uses it, and a listener on a LAN can.
``reader.read`` is the way in.
"""
