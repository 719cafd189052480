#!/bin/sh
# One account per app: each may write to its own exchange only, so that no message on exchange `payment` is anyone's
# but pay's. Both declare each other's inbox, because neither has to be up first. May run again at any time.
set -e
ctl() { rabbitmqctl -q -n "rabbit@$RABBITMQ_HOST" "$@"; }
account() { # NAME PASSWORD CONFIGURE WRITE READ
  ctl add_user "$1" "$2" 2>/dev/null || ctl change_password "$1" "$2"
  ctl set_permissions -p paypair "$1" "$3" "$4" "$5"
}
queues='(pay\.orders|order\.payments)(\..+)?|amq\.gen.*'
account pay "$PAY_AMQP_PASSWORD" "^(payment|order|$queues)\$" "^(payment|amq\.default|$queues)\$" ".*"
account order "$ORDER_AMQP_PASSWORD" "^(payment|order|$queues)\$" "^(order|amq\.default|$queues)\$" ".*"
