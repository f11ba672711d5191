wrangler vectorize create-metadata-index <index-name> --property-name='some-prop' --type='string'
