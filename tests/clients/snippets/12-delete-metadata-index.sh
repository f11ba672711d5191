wrangler vectorize delete-metadata-index <index-name> --property-name='some-prop'
