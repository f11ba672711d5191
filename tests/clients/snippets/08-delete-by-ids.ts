let idsToDelete = ["11", "22", "33", "44"];

const deleted = await env.YOUR_INDEX.deleteByIds(idsToDelete);
