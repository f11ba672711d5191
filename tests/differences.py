"""Every known difference from Cloudflare Vectorize, each with the test that shows our side of it.

`scripts/differences.py` writes docs/differences.md from this table.
"""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """One difference.

    Attributes:
        shown_by: FILE::TEST below tests/.
    """

    point: str
    service: str
    ours: str
    shown_by: str


class Choice(NamedTuple):
    """What we do where no source says what the service does, so that it may do otherwise."""

    point: str
    ours: str
    shown_by: str


ON_PURPOSE = [
    Difference(
        "visibility of a write",
        "seconds to minutes after its answer",
        "before its answer; with `--visibility-delay 5s` later, as in production",
        "contract/test_visibility.py::test_writes_over_http_are_seen_by_the_next_request",
    ),
    Difference(
        "several mutations at once",
        "folded in batches; `processedUpToMutation` jumps",
        "`processedUpToMutation` moves one by one",
        "contract/test_ids.py::test_every_mutation_is_processed_also_one_that_changes_nothing",
    ),
    Difference(
        "scores",
        "approximate unless `returnValues` is true",
        "always exact",
        "search/test_real_set.py::test_every_score_reaches_the_true_kth",
    ),
    Difference(
        "`info`, `describe()`",
        "no `metric`",
        "`metric` too: the API page promises it of `describe()`",
        "contract/test_library.py::test_writes_are_seen_and_counted",
    ),
    Difference(
        "a write as one JSON string of NDJSON",
        "refused, 40023",
        "accepted: the Python SDK 4.3.1 can send nothing else",
        "contract/test_writes.py::test_forms_of_a_body",
    ),
    Difference(
        "`content-encoding: gzip`, a byte-order mark, `\\r\\n`, blank lines",
        "unknown",
        "accepted",
        "contract/test_writes.py::test_forms_of_a_body",
    ),
    Difference(
        "unknown fields and query-string parameters",
        "ignored",
        "accepted and named in `messages`; refused with `--strict`",
        "contract/test_strict.py::test_parameters",
    ),
    Difference(
        "a filter that can match nothing",
        "matches nothing",
        "the same; `messages` say why, and the log the remedy",
        "contract/test_hints.py::test_no_metadata_index",
    ),
    Difference(
        "an unreadable body",
        "the exact text only",
        "the same text, and the reason in an `error_chain`",
        "contract/test_unreadable_vectors.py::test_lines_that_are_no_vector",
    ),
    Difference(
        "accounts",
        "must exist",
        "any id up to 32 characters",
        "contract/test_routes.py::test_accounts",
    ),
    Difference(
        "tokens",
        "scopes and permissions",
        "one token, or on loopback any",
        "contract/test_auth.py::test_on_loopback_any_token_will_do",
    ),
    Difference(
        "browsers",
        "no CORS headers",
        "a foreign `Origin` is refused (403) unless `--allow-origin` names it",
        "contract/test_origins.py::test_no_origin_is_allowed_by_itself",
    ),
    Difference(
        "new legacy V1 indexes",
        "refused since December 2024: `vectorize.not_entitled`",
        "refused alike, unless `--legacy-v1`, which `--profile open` implies",
        "contract/test_v1.py::test_creation_is_a_setting",
    ),
    Difference(
        "filters on V1 indexes",
        "`$eq` and `$ne`, on any property",
        "the whole language, on any property",
        "contract/test_v1_filters.py::test_any_property",
    ),
    Difference(
        "rate limits, plans, billing",
        "yes",
        "none; `--fail rate=0.01,code=40041` answers 429 on purpose",
        "contract/test_faults.py::test_a_failed_write_wrote_nothing",
    ),
]

CHOICES = [
    Choice(
        "an empty namespace",
        "is a namespace",
        "contract/test_queries.py::test_namespaces",
    ),
    Choice(
        "an empty id",
        "is refused, 40008",
        "contract/test_ids.py::test_illegal_ids",
    ),
    Choice(
        "`$ne`, `$nin` and a property that a vector lacks",
        "match",
        "contract/test_filters.py::test_strings",
    ),
    Choice(
        "`null` in a filter",
        "matches absent and null",
        "contract/test_filters.py::test_null_matches_absent_and_null",
    ),
    Choice(
        "a filter value of another type than the metadata index",
        "matches nothing; negated, everything",
        "contract/test_filters.py::test_numbers",
    ),
    Choice(
        "strings over 64 bytes in a filter",
        "are cut like the indexed ones",
        "contract/test_filtered_properties.py::test_strings_are_compared_by_their_first_64_bytes",
    ),
    Choice(
        '`returnMetadata: "indexed"`',
        "returns what the metadata indexes hold of the vector",
        "contract/test_query_options.py::test_return_metadata_indexed",
    ),
    Choice(
        "equal scores",
        "come in the order of writing",
        "contract/test_queries.py::test_query_by_id_finds_itself_before_its_equals",
    ),
    Choice(
        "`queryById` of an unknown id",
        "finds nothing",
        "contract/test_queries.py::test_query_by_an_unknown_id_finds_nothing",
    ),
    Choice(
        "`returnVectors` in a V1 query",
        "brings the nested matches of 2023 back",
        "contract/test_v1_queries.py::test_return_vectors_brings_the_old_shape",
    ),
    Choice(
        "a cosine with a zero vector",
        "is 0",
        "unit/test_metric.py::test_a_zero_vector_scores_zero",
    ),
    Choice(
        "values whose squared norm overflows float32",
        "are refused: 40012, in queries 40006",
        "contract/test_bad_queries.py::test_values_that_overflow",
    ),
    Choice(
        "a repeated JSON key",
        "the last wins",
        "contract/test_writes.py::test_of_a_repeated_json_key_the_last_wins",
    ),
    Choice(
        "an empty batch",
        "is refused, 40023",
        "contract/test_bad_bodies.py::test_an_empty_batch_is_refused",
    ),
    Choice(
        "`ids: []`",
        "gets `[]` or a mutation id",
        "contract/test_ids.py::test_no_ids_at_all",
    ),
    Choice(
        "cursors of a listing",
        "live 15 minutes from its first page; ids come in byte order",
        "contract/test_list.py::test_an_expired_cursor",
    ),
    Choice(
        "names of indexes",
        "are letters, digits, `_` and `-`",
        "unit/test_schema.py::test_characters_that_no_name_has",
    ),
    Choice(
        "the metric of presets",
        "is cosine",
        "contract/test_indexes.py::test_a_preset_comes_back_resolved",
    ),
    Choice(
        "a metadata index that exists, of another type",
        "keeps its type; the answer is a success",
        "contract/test_metadata_indexes.py::test_a_duplicate_keeps_the_first_type",
    ),
    Choice(
        "status of an unknown and of a deleted index",
        "404 and 410",
        "contract/test_indexes.py::test_delete_answers_null_and_all_operations_then_say_410",
    ),
    Choice(
        "`unparsable-behavior=discard`",
        "leaves out what can't be parsed; what breaks a rule is still refused",
        "contract/test_unparsable.py::test_discard_still_refuses_vectors_that_break_a_rule",
    ),
]

OPEN = [
    Choice(
        "limits",
        "are lifted; dimensions go from 1 to 8,192",
        "contract/test_profiles.py::test_limits_are_lifted",
    ),
    Choice(
        "vectors older than a metadata index",
        "are filterable",
        "contract/test_profiles.py::test_older_vectors_become_filterable",
    ),
    Choice(
        "strings",
        "are compared and returned whole",
        "contract/test_profiles.py::test_strings_are_compared_and_returned_whole",
    ),
    Choice(
        "a boolean `returnMetadata`",
        "is accepted",
        "contract/test_bad_queries.py::test_the_open_profile_takes_booleans",
    ),
    Choice(
        "`property` in `metadata_index/delete`, as LangChain's Python store sends it",
        "is accepted",
        "contract/test_metadata_indexes.py::test_the_open_profile_takes_the_name_property",
    ),
]
