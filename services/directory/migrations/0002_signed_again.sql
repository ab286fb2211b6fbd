-- Every entry is published again, signed: a service that comes later refuses the unsigned ones.
UPDATE entries SET unpublished = true;
