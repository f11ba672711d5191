wrangler vectorize info <index-name>
