-- People who sign in with a password that the cluster keeps.

SELECT 1;
