let matches = await env.YOUR_INDEX.queryById("some-vector-id");
