wrangler vectorize list-metadata-index <index-name>
