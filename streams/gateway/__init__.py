"""The HTTP gateway: window systems post events; each is judged, cleaned of persons' numbers, and Kafka has it before the answer."""
