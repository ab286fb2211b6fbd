-- outside a transaction
CREATE INDEX CONCURRENTLY IF NOT EXISTS receipts_outstanding ON receipts (receive_time, id)
    WHERE passed_state = 'LAPSED' AND state = 'ENDED'
       OR passed_state = 'RETURNED' AND state = 'RECEIVED'
       OR passed_state IN ('PENDING', 'REGISTERED') AND state = 'ENDED' AND incident_id IS NULL;
