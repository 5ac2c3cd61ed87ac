DROP TABLE manifest_parts;
