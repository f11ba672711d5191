let ids = ["11", "22", "33", "44"];

const vectors = await env.YOUR_INDEX.getByIds(ids);
