wrangler vectorize list-vectors <index-name> [--count=<number>] [--cursor=<cursor-string>]
