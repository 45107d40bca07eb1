# The mapping for the batches of ../generate.py in jq: jq --compact-output --from-file mapping.jq batches.ndjson
# Gives one body a line. It maps what those batches hold and validates nothing.

def text: if type == "string" then . elif . == null then null else tostring end;
def number: if type == "string" then tonumber else . end;
def utc: if . == null then null else number / 1000 | floor | todate end;
def present: with_entries(select(.value != null));
def kept: present | with_entries(select(.key != "" and (.key | startswith("moe_") | not)));

def product: {
  Id: .id | text, Name: .name | text, Category: .category | text, Brand: .brand | text,
  TotalProductAmount: .total_product_amount | text
};
def bought: product + {
  Price: .price | number, Quantity: .quantity | number,
  Attributes: (.custom_attributes | if . then map_values(text) else null end)
} | present;
def shown: (.custom_attributes // {} | kept)
  + (product + {Price: .price | text, Quantity: .quantity | text} | present);

def attributes:
  .product_action as $action
  | (.custom_attributes // {} | kept) + (
    if $action.action == "purchase" then {
      TransactionId: $action.transaction_id | text,
      Products: [$action.products[] | bought],
      currency: .currency_code | text,
      "Total Amount": $action.total_amount | text,
      "Shipping Amount": $action.shipping_amount | text,
      "Tax Amount": $action.tax_amount | text
    } elif .product_impressions then {
      Impressions: [.product_impressions[] | {"product impression list": .product_impression_list | text}],
      Products: [.product_impressions[].products[] | shown]
    } else {} end | present);

def name:
  if .event_type == "custom_event" then .data.event_name
  elif .data.product_action then .data.product_action.action
  elif .data.product_impressions then "impression" else null end;

def consents:
  [(.gdpr // {} | to_entries | sort_by(.value.timestamp_unixtime_ms)[]
    | (.key | ascii_downcase | gsub(" "; "_")) as $purpose
    | {key: "gdpr_consent_\($purpose)", value: .value.consented},
      {key: "gdpr_consent_\($purpose)_at", value: .value.timestamp_unixtime_ms | utc}),
   (.ccpa.data_sale_opt_out // empty
    | {key: "ccpa_data_sale_opt_out", value: .consented},
      {key: "ccpa_data_sale_opt_out_at", value: .timestamp_unixtime_ms | utc})]
  | from_entries;

def user:
  {m: "male", male: "male", f: "female", female: "female", na: null} as $genders
  | (.user_attributes // {}) as $all
  | ($all | with_entries(select(.key | startswith("$")) | .key |= ascii_downcase)) as $reserved
  | ($all | kept | with_entries(select(.key | startswith("$") | not))) + ({
    first_name: $reserved["$firstname"] | text, last_name: $reserved["$lastname"] | text,
    mobile: ($reserved["$mobile"] // .user_identities.mobile_number) | text,
    gender: ($reserved["$gender"] | text | if . == null then . else . as $given | ascii_downcase
      | if in($genders) then $genders[.] else $given end end),
    Address: $reserved["$address"] | text, City: $reserved["$city"] | text, State: $reserved["$state"] | text,
    Zip: $reserved["$zip"] | text, Country: $reserved["$country"] | text,
    Age: $reserved["$age"] | number, email: .user_identities.email | text
  } | present) + (.consent_state // {} | consents);

. as $batch
| (.user_identities.customer_id | text) as $id
| (.device_info.platform | ascii_downcase | {android: "ANDROID", ios: "iOS", web: "web"}[.]) as $platform
| {type: "customer", customer_id: $id, attributes: user},
  {type: "event", customer_id: $id, device_id: .mp_deviceid, actions: [
    .events[] | name as $name | select($name) | {
      action: $name,
      attributes: .data | attributes,
      platform: $platform,
      app_version: $batch.application_info.application_version | text,
      current_time: (.data.timestamp_unixtime_ms // $batch.timestamp_unixtime_ms) | utc
    } | present]}
