//! The tables as Diesel sees them; `migrations/` makes them in both databases.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    bundles (id) {
        id -> Id,
        controller -> Text,
        token_hash -> Binary,
        created_at -> Moment,
        challenge -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    requests (id) {
        id -> Id,
        bundle_id -> Id,
        controller -> Text,
        right_name -> Text,
        regime -> Text,
        channel -> Text,
        entered_by -> Nullable<Id>,
        received_at -> Moment,
        due -> Day,
        answer_due -> Nullable<Day>,
        state -> Text,
        assignee -> Nullable<Id>,
        closed_at -> Nullable<Moment>,
        ground -> Nullable<Text>,
        reference -> Text,
        email_index -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        appeal_state -> Nullable<Text>,
        appeal_filed_at -> Nullable<Moment>,
        appeal_due -> Nullable<Day>,
        appeal_settled_at -> Nullable<Moment>,
        wrapped_key -> Nullable<Binary>,
        sealed -> Binary,
        version -> BigInt,
        outcome -> Nullable<Text>,
        look_at -> Nullable<Day>,
        clock_stopped_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    notices (request_id, notice, due) {
        request_id -> Id,
        notice -> Text,
        due -> Day,
        at -> Moment,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    messages (id) {
        id -> Id,
        request_id -> Id,
        at -> Moment,
        author -> Text,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    steps (request_id, ordinal) {
        request_id -> Id,
        ordinal -> Integer,
        name -> Text,
        system -> Text,
        dataset -> Text,
        collection -> Text,
        state -> Text,
        row_count -> BigInt,
        error -> Nullable<Text>,
        updated_at -> Moment,
        byte_count -> BigInt,
        since -> Nullable<Moment>,
        attempts -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    manifests (request_id, round, system) {
        request_id -> Id,
        round -> Integer,
        system -> Text,
        sealed -> Binary,
        executed -> Bool,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    manifest_parts (request_id, round, number) {
        request_id -> Id,
        round -> Integer,
        number -> Integer,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    jobs (id) {
        id -> Id,
        kind -> Text,
        request_id -> Nullable<Id>,
        sole -> Nullable<Id>,
        payload -> Text,
        attempts -> Integer,
        run_at -> Moment,
        owner -> Nullable<Id>,
        leased_until -> Nullable<Moment>,
        last_error -> Nullable<Text>,
        given_up -> Bool,
    }
}

table! {
    use diesel::sql_types::*;
    chain_heads (controller) {
        controller -> Text,
        seq -> BigInt,
        hash -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    entries (controller, seq) {
        controller -> Text,
        seq -> BigInt,
        request_id -> Nullable<Id>,
        at -> Moment,
        actor -> Text,
        event -> Text,
        facts -> Text,
        hash -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    suppressions (email_index, controller, what) {
        email_index -> Binary,
        controller -> Text,
        what -> Text,
        since -> Moment,
        request_id -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    marks (email_index, controller, what, request_id) {
        email_index -> Binary,
        controller -> Text,
        what -> Text,
        request_id -> Id,
        since -> Moment,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    staff (id) {
        id -> Id,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Text,
        active -> Bool,
        failures -> Integer,
        locked_until -> Nullable<Moment>,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    sessions (id) {
        id -> Id,
        staff_id -> Id,
        created_at -> Moment,
        expires_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    api_keys (id) {
        id -> Id,
        name -> Text,
        controller -> Nullable<Text>,
        hash -> Binary,
        created_at -> Moment,
        revoked_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    answers (scope) {
        scope -> Binary,
        body_hash -> Binary,
        status -> Integer,
        sealed -> Binary,
        at -> Moment,
        request_id -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    record_holds (request_id) {
        request_id -> Id,
        until -> Day,
        at -> Moment,
        held_by -> Id,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    communications (id, request_id) {
        id -> Id,
        request_id -> Id,
        at -> Moment,
        channel -> Text,
        direction -> Text,
        kind -> Text,
        delivery -> Text,
        recorded_by -> Nullable<Id>,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    tasks (id) {
        id -> Id,
        request_id -> Id,
        ordinal -> Integer,
        name -> Text,
        instruction -> Text,
        arose_at -> Moment,
        due -> Day,
        result -> Nullable<Text>,
        row_count -> BigInt,
        ground -> Nullable<Text>,
        done_at -> Nullable<Moment>,
        done_by -> Nullable<Id>,
        sealed_note -> Nullable<Binary>,
        assignee -> Nullable<Id>,
        file -> Nullable<Id>,
        sealed_upload -> Nullable<Binary>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    deliveries (id) {
        id -> Id,
        request_id -> Id,
        system -> Text,
        operation -> Text,
        occasion -> Moment,
        round -> Integer,
        state -> Text,
        wait_until -> Nullable<Moment>,
        file -> Nullable<Id>,
        sealed -> Binary,
        sealed_answer -> Nullable<Binary>,
        has_left -> Bool,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    free_texts (request_id, cell) {
        request_id -> Id,
        cell -> Id,
        ordinal -> BigInt,
        run -> Id,
        sealed -> Binary,
        sealed_decision -> Nullable<Binary>,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    verification_tries (email_index, what, day) {
        email_index -> Binary,
        what -> Text,
        day -> Day,
        tries -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    second_factors (staff_id) {
        staff_id -> Id,
        sealed -> Binary,
        created_at -> Moment,
        confirmed_at -> Nullable<Moment>,
        last_step -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    documents (id) {
        id -> Id,
        bundle_id -> Id,
        stored_at -> Moment,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    trusted_agents (id) {
        id -> Id,
        email_index -> Binary,
        added_at -> Moment,
        added_by -> Id,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    legal_holds (id) {
        id -> Id,
        controller -> Text,
        email_index -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        account_index -> Nullable<Binary>,
        placed_at -> Moment,
        placed_by -> Id,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use super::super::sql_types::*;
    retained (request_id) {
        request_id -> Id,
        due -> Nullable<Day>,
        held -> Bool,
        queued -> Bool,
        rounds -> Integer,
        holds -> BigInt,
    }
}

joinable!(sessions -> staff (staff_id));
joinable!(tasks -> requests (request_id));
allow_tables_to_appear_in_same_query!(sessions, staff);
allow_tables_to_appear_in_same_query!(documents, requests);
allow_tables_to_appear_in_same_query!(tasks, requests);
allow_tables_to_appear_in_same_query!(deliveries, requests);
allow_tables_to_appear_in_same_query!(manifest_parts, manifests);
