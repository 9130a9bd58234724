"""faceql on more than one machine, with Ray: serving (`ray_serve`) and many photos (`ray_ask`); needs `faceql[ray]`."""
