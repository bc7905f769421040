"""Where data flow: events and SQL become edges; labels travel along them; drawings and answers come out."""
