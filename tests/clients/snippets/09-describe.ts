const details = await env.YOUR_INDEX.describe();
